ALTER TABLE rejected_lines ADD COLUMN IF NOT EXISTS sink UInt32 DEFAULT 0 COMMENT 'Which session of a sink inserted the row, see log_file_parts; 0 where one process loaded alone.';
ALTER TABLE superseded_rejected_lines ADD COLUMN IF NOT EXISTS sink UInt32 DEFAULT 0 COMMENT 'Which session of a sink inserted the row, see log_file_parts; 0 where one process loaded alone.'
