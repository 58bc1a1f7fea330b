DROP TABLE visits;
DROP TABLE app_files;
DROP TABLE conversation_waits;
DROP TABLE pushes;
DROP TABLE conversation_messages;
DROP TABLE conversations;
