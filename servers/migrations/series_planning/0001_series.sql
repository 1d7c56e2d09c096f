CREATE TABLE series (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  title text NOT NULL UNIQUE CHECK (length(title) BETWEEN 1 AND 200),
  logline text NOT NULL CHECK (length(logline) <= 4000),
  planned_books integer NOT NULL CHECK (planned_books BETWEEN 1 AND 100),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE series_entries (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  series_id integer NOT NULL REFERENCES series (id) ON DELETE CASCADE,
  position integer NOT NULL CHECK (position >= 1),
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  synopsis text NOT NULL CHECK (length(synopsis) <= 4000),
  UNIQUE (series_id, position)
);

CREATE TABLE series_arcs (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  series_id integer NOT NULL REFERENCES series (id) ON DELETE CASCADE,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  description text NOT NULL CHECK (length(description) <= 4000),
  from_position integer NOT NULL CHECK (from_position >= 1),
  to_position integer NOT NULL,
  CHECK (to_position >= from_position),
  UNIQUE (series_id, name)
);
