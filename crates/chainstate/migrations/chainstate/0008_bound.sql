-- Whether burn and staging database say which chain they are a part of. From then on one that does not is another one's.
ALTER TABLE meta ADD COLUMN bound INTEGER NOT NULL DEFAULT 0 CHECK (bound IN (0, 1));
