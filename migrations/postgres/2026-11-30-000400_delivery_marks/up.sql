-- What devices have said of messages whose deliveries have still to be made: few rows among those that wait, and
-- looked for behind each step.
CREATE INDEX deliveries_marks ON deliveries (message_id, device_id) WHERE acked;
