DROP INDEX deliveries_marks;
