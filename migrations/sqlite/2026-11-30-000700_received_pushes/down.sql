DROP TABLE ps_received;
