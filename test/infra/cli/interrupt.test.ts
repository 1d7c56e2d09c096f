import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { onInterrupt, type Interrupt } from "../../../infra/cli/interrupt.ts";

let current: Interrupt | undefined;
afterEach(() => current?.dispose());

function start(waitMs: number) {
  const notes: string[] = [];
  current = onInterrupt((text) => notes.push(text), waitMs);
  return { interrupt: current, notes };
}

/** As the terminal does; `emit`, because a real signal would end the test runner. */
const press = () => process.emit("SIGINT", "SIGINT");

const heard = {
  sequence: 1,
  timestamp: 1,
  stdoutEvent: {
    message: "^C received; cancelling. If you would like to terminate ...",
    color: "",
  },
} as never;

it("does not send the engine a second signal when the terminal's reached it", async () => {
  const { interrupt, notes } = start(20);
  press();
  interrupt.onEvent(heard);
  await sleep(60);
  expect(interrupt.signal.aborted).toBe(false);
  expect(interrupt.interrupted()).toBe(true);
  expect(notes).toHaveLength(1);
});

it("passes the signal on when the engine did not hear it", async () => {
  const { interrupt } = start(20);
  press();
  expect(interrupt.signal.aborted).toBe(false);
  await sleep(60);
  expect(interrupt.signal.aborted).toBe(true);
});

it("leaves signals alone afterwards", () => {
  const before = process.listenerCount("SIGINT");
  const { interrupt } = start(20);
  expect(process.listenerCount("SIGINT")).toBe(before + 1);
  interrupt.dispose();
  expect(process.listenerCount("SIGINT")).toBe(before);
});
