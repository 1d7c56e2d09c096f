import type { DomainName } from "../../servers/domains/names.ts";

/** A tool and arguments that succeed when the calls of a domain run in this order on empty tables. */
export type SampleCall = readonly [tool: string, args: Record<string, unknown>];

/** Every tool of every domain once; names carry `tag`, so that the same calls work in both eras. */
export function sampleCalls(
  tag: string,
  n: number,
): Readonly<Record<DomainName, readonly SampleCall[]>> {
  const day = "2026-01-31";
  return {
    "book-planning": [
      ["server_status", {}],
      ["create_book", { title: `Salt ${tag}`, premise: "A keeper leaves the light." }],
      ["list_books", { limit: 1, status: "idea" }],
      ["add_outline_section", { bookId: n, heading: "Storm", summary: "The lamp fails." }],
      ["get_book_outline", { bookId: n }],
      ["set_book_status", { bookId: n, status: "drafting" }],
    ],
    "series-planning": [
      ["server_status", {}],
      ["create_series", { title: `Coast ${tag}`, logline: "Three lights.", plannedBooks: 3 }],
      ["list_series", {}],
      ["add_series_entry", { seriesId: n, title: "Salt", synopsis: "The first light." }],
      [
        "add_series_arc",
        { seriesId: n, name: "War", description: "It nears.", fromPosition: 1, toPosition: 3 },
      ],
      ["get_series_plan", { seriesId: n }],
    ],
    "chapter-planning": [
      ["server_status", {}],
      [
        "create_chapter",
        { book: `Salt ${tag}`, number: 1, title: "Dark", goal: "He decides to go." },
      ],
      ["list_chapters", { book: `Salt ${tag}` }],
      ["add_chapter_beat", { chapterId: n, summary: "The lamp fails." }],
      ["get_chapter_plan", { chapterId: n }],
      ["set_chapter_status", { chapterId: n, status: "drafted" }],
    ],
    "character-planning": [
      ["server_status", {}],
      ["create_character", { name: `Anna ${tag}`, role: "protagonist", summary: "Keeper." }],
      ["create_character", { name: `Ben ${tag}`, role: "minor", summary: "Boatman." }],
      ["list_characters", { role: "minor" }],
      ["add_character_trait", { characterId: 2 * n - 1, kind: "fear", detail: "Deep water." }],
      ["relate_characters", { fromId: 2 * n - 1, toId: 2 * n, kind: "sister" }],
      ["get_character", { characterId: 2 * n - 1 }],
    ],
    scene: [
      ["server_status", {}],
      [
        "create_scene",
        { chapter: `1 ${tag}`, title: "Gale", pointOfView: "Anna", location: "Lighthouse" },
      ],
      ["list_scenes", { chapter: `1 ${tag}` }],
      ["write_scene_text", { sceneId: n, text: "The lantern went out at midnight." }],
      ["get_scene", { sceneId: n }],
      ["search_scenes", { words: "lantern midnight" }],
    ],
    "core-continuity": [
      ["server_status", {}],
      [
        "record_fact",
        { subject: `Anna ${tag}`, attribute: "eyes", value: "green", source: "ch 1" },
      ],
      ["record_fact", { subject: `anna ${tag}`, attribute: "Eyes", value: "blue", source: "ch 3" }],
      ["list_facts", { subject: `ANNA ${tag}` }],
      ["check_continuity", { subject: `Anna ${tag}` }],
      ["retract_fact", { factId: 2 * n }],
    ],
    review: [
      ["server_status", {}],
      [
        "add_review_note",
        { target: "ch 1", reviewer: "Kim", severity: "blocker", body: "Who lit the lamp?" },
      ],
      ["list_review_notes", { target: "ch 1", onlyOpen: true }],
      ["review_summary", {}],
      ["resolve_review_note", { noteId: n, resolution: "Anna did." }],
    ],
    reporting: [
      ["server_status", {}],
      ["record_word_count", { book: `Salt ${tag}`, chapter: "1", day: "2026-01-30", words: 700 }],
      ["record_word_count", { book: `Salt ${tag}`, chapter: "1", day, words: 1200 }],
      ["word_count_report", { book: `Salt ${tag}` }],
      ["daily_progress", { book: `Salt ${tag}`, days: 7 }],
      ["list_reported_books", {}],
    ],
    author: [
      ["server_status", {}],
      ["create_author", { penName: `A. Keeper ${tag}`, biography: "Lives by the sea." }],
      ["list_authors", {}],
      ["set_style_guide", { authorId: n, styleGuide: "Past tense, short sentences." }],
      ["set_writing_goal", { authorId: n, title: "Draft", targetWords: 50_000, dueOn: day }],
      ["get_author", { authorId: n }],
    ],
    "database-admin": [
      ["server_status", {}],
      ["database_health", {}],
      ["list_tables", { schema: "book_planning" }],
      ["table_sizes", {}],
      ["connection_stats", {}],
    ],
  };
}
