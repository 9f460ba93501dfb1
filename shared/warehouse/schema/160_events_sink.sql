ALTER TABLE events ADD COLUMN IF NOT EXISTS sink UInt32 DEFAULT 0 COMMENT 'Which session of a sink inserted the row, see log_file_parts; 0 where one process loaded alone.';
ALTER TABLE superseded_events ADD COLUMN IF NOT EXISTS sink UInt32 DEFAULT 0 COMMENT 'Which session of a sink inserted the row, see log_file_parts; 0 where one process loaded alone.'
