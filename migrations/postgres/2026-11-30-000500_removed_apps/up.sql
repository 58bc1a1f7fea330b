-- What is left of an app that was removed is found by the app.
CREATE INDEX app_files_app_id ON app_files (app_id);
