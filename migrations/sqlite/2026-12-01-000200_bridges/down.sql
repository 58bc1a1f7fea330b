DROP TABLE ps_bridge_rooms;
DROP TABLE ps_bridges;
