CREATE TABLE authors (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pen_name text NOT NULL UNIQUE CHECK (length(pen_name) BETWEEN 1 AND 200),
  biography text NOT NULL CHECK (length(biography) <= 4000),
  style_guide text NOT NULL DEFAULT '' CHECK (length(style_guide) <= 4000),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE writing_goals (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  author_id integer NOT NULL REFERENCES authors (id) ON DELETE CASCADE,
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  target_words integer NOT NULL CHECK (target_words >= 0),
  due_on date NOT NULL,
  UNIQUE (author_id, title)
);
