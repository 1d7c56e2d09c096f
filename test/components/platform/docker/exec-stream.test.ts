import { Duplex, PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExecStream } from "../../../../components/platform/docker/exec-stream.ts";

/** A frame as the engine sends it: 1 is stdout, 2 is stderr. */
function frame(source: 1 | 2, text: string | Buffer): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = source;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
}

function stream() {
  const fromEngine = new PassThrough();
  const toEngine = new PassThrough();
  const inner = Duplex.from({ readable: fromEngine, writable: toEngine });
  return { fromEngine, toEngine, stream: new ExecStream(inner) };
}

const connected = frame(
  2,
  "2026/01/01 socat[7] N starting data transfer loop with FDs [0,1] and [5,5]\n",
);

async function read(from: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of from) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe("a connection through a container", () => {
  it("carries bytes both ways", async () => {
    const { fromEngine, toEngine, stream: tunnel } = stream();
    fromEngine.write(connected);
    await tunnel.connected;
    tunnel.end("question");
    fromEngine.end(
      Buffer.concat([
        frame(1, "an"),
        frame(2, "2026 socat[7] N socket 1 is at EOF\n"),
        frame(1, "swer"),
      ]),
    );
    expect((await read(tunnel)).toString()).toBe("answer");
    expect((toEngine.read() as Buffer).toString()).toBe("question");
  });

  it.each([
    ["connect(5, AF=2 172.18.0.8:3999, 16): Connection refused", "ECONNREFUSED"],
    ["connect(5, AF=2 172.18.0.8:3999, 16): No route to host", undefined],
  ])("is not made: %s", async (complaint, code) => {
    const { fromEngine, stream: tunnel } = stream();
    tunnel.on("error", () => undefined);
    fromEngine.end(frame(2, `2026/01/01 socat[7] E ${complaint}\n`));
    const error = await tunnel.connected.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: complaint });
    expect((error as { code?: string }).code).toBe(code);
  });

  it("is not made when the helper ends without a word", async () => {
    const { fromEngine, stream: tunnel } = stream();
    fromEngine.end();
    await expect(tunnel.connected).rejects.toThrow("ended before it was connected");
  });

  it("does not care how the engine cuts its frames", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.constantFrom(1 as const, 2 as const), fc.uint8Array({ maxLength: 40 })),
        ),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        async (frames, cuts) => {
          const { fromEngine, stream: tunnel } = stream();
          const sent = Buffer.concat([
            connected,
            // Letters only on stderr: what looks like a complaint would be one.
            ...frames.map(([source, bytes]) =>
              frame(source, source === 1 ? Buffer.from(bytes) : "n"),
            ),
          ]);
          for (let at = 0, cut = 0; at < sent.length; cut += 1) {
            const size = cuts[cut % cuts.length]!;
            fromEngine.write(sent.subarray(at, at + size));
            at += size;
          }
          fromEngine.end();
          const expected = Buffer.concat(
            frames.filter(([source]) => source === 1).map(([, bytes]) => Buffer.from(bytes)),
          );
          expect((await read(tunnel)).equals(expected)).toBe(true);
        },
      ),
    );
  });
});
