CREATE TABLE facts (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
  attribute text NOT NULL CHECK (length(attribute) BETWEEN 1 AND 200),
  value text NOT NULL CHECK (length(value) BETWEEN 1 AND 200),
  source text NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  retracted_at timestamptz
);

CREATE INDEX facts_in_force ON facts (lower(subject), lower(attribute)) WHERE retracted_at IS NULL;

CREATE INDEX facts_by_subject ON facts (lower(subject), id);
