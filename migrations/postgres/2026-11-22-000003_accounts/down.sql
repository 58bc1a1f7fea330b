DROP TABLE token_voids;
DROP TABLE logins;
