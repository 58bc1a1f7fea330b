DROP INDEX app_files_app_id;
