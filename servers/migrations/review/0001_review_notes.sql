CREATE TABLE review_notes (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL CHECK (length(target) BETWEEN 1 AND 200),
  reviewer text NOT NULL CHECK (length(reviewer) BETWEEN 1 AND 200),
  severity text NOT NULL CHECK (severity IN ('praise', 'suggestion', 'problem', 'blocker')),
  body text NOT NULL CHECK (length(body) <= 4000),
  resolution text CHECK (length(resolution) <= 4000),
  created_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz
);

CREATE INDEX review_notes_by_target ON review_notes (target, id);

CREATE INDEX review_notes_open ON review_notes (id) WHERE resolution IS NULL;
