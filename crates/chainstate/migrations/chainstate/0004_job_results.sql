-- Times that the folder was opened after its first: ids of jobs are made from it, so that none is used twice.
ALTER TABLE meta ADD COLUMN starts INTEGER NOT NULL DEFAULT 0;

-- Bytes of all encoded events ever written, up to and including this one.
ALTER TABLE events ADD COLUMN end_offset INTEGER NOT NULL DEFAULT 0;

-- Results of template and validation requests, written with the event that announces them. The oldest go first.
CREATE TABLE job_results (
    -- Of the event.
    sequence INTEGER PRIMARY KEY,
    -- 1 template, 2 validation.
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    -- As the client knows it.
    job_id TEXT NOT NULL UNIQUE,
    time_ms INTEGER NOT NULL,
    -- Encoded GetTemplateResponse or GetValidationResponse.
    result BLOB NOT NULL
) STRICT;
CREATE INDEX job_results_by_kind ON job_results (kind, sequence);
