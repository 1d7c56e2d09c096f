import { describe, expect, it } from "vitest";
import { SessionStore } from "../../servers/sessions.ts";

interface Fake {
  closed: number;
  close(): Promise<void>;
}

function fake(): Fake {
  const resource: Fake = {
    closed: 0,
    close: () => {
      resource.closed += 1;
      return Promise.reject(new Error("the connection was gone already"));
    },
  };
  return resource;
}

function setup(max = 2): {
  store: SessionStore<Fake>;
  tick: (ms: number) => void;
  ended: [string, number][];
} {
  let now = 0;
  const ended: [string, number][] = [];
  const store = new SessionStore<Fake>({
    idleMs: 1000,
    max,
    now: () => now,
    onEnd: (id, seconds) => ended.push([id, seconds]),
  });
  return { store, tick: (ms) => (now += ms), ended };
}

describe("SessionStore", () => {
  it("ends a session that idles, once, and closes what it holds", () => {
    const { store, tick, ended } = setup();
    const resource = fake();
    store.add("a", resource);
    tick(999);
    expect(store.sweep()).toBe(0);
    tick(1);
    expect(store.use("a")).toBeUndefined();
    expect(store.sweep()).toBe(1);
    expect(store.sweep()).toBe(0);
    expect(store.end("a")).toBe(false);
    expect(resource.closed).toBe(1);
    expect(ended).toEqual([["a", 1]]);
    expect(store.size).toBe(0);
  });

  it("keeps a session alive by use, and as long as a request or stream is open", () => {
    const { store, tick } = setup();
    store.add("a", fake());
    tick(900);
    const stream = store.use("a");
    tick(5000);
    expect(store.sweep()).toBe(0);
    expect(store.use("a")?.resource).toBe(stream?.resource);
    stream?.done();
    stream?.done();
    tick(5000);
    // The second use is still open: ending the first twice must not have ended it.
    expect(store.sweep()).toBe(0);
  });

  it("counts idleness from the end of the last request", () => {
    const { store, tick } = setup();
    store.add("a", fake());
    const request = store.use("a");
    tick(5000);
    request?.done();
    tick(999);
    expect(store.sweep()).toBe(0);
    tick(1);
    expect(store.sweep()).toBe(1);
  });

  it("holds the limit, making room by ending idle sessions first", () => {
    const { store, tick } = setup(2);
    store.add("a", fake());
    tick(600);
    store.add("b", fake());
    expect(store.hasRoom()).toBe(false);
    tick(400);
    expect(store.hasRoom()).toBe(true);
    expect(store.size).toBe(1);
  });

  it("knows no session that it was not given", () => {
    const { store } = setup();
    expect(store.use("nobody")).toBeUndefined();
  });

  it("ends all at the end", () => {
    const { store, ended } = setup();
    store.add("a", fake());
    store.add("b", fake());
    store.endAll();
    expect(ended.map(([id]) => id)).toEqual(["a", "b"]);
    expect(store.size).toBe(0);
  });
});
