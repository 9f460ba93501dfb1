ALTER TABLE log_file_versions
    ADD COLUMN IF NOT EXISTS superseded UInt64 COMMENT 'Of the lines, those left out because a log file of a tar of the days around has the same line.',
    ADD COLUMN IF NOT EXISTS overlaps String COMMENT 'Stands for the log files against which that was decided; empty: there were none.'
