import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { portHolder } from "../../../../infra/platforms/docker/port-holder.ts";

let proc: string;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), "mcp-fleet-proc-"));
  mkdirSync(join(proc, "net"));
});
afterEach(() => rmSync(proc, { recursive: true }));

const header =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const row = (port: number, state: string, inode: number) =>
  `   0: 0100007F:${port.toString(16).toUpperCase()} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;

function writeProcess(pid: number, comm: string, inode: number): void {
  mkdirSync(join(proc, String(pid), "fd"), { recursive: true });
  writeFileSync(join(proc, String(pid), "comm"), `${comm}\n`);
  symlinkSync(`socket:[${inode}]`, join(proc, String(pid), "fd", "7"));
}

it("names the program that listens", () => {
  writeFileSync(join(proc, "net", "tcp"), header + row(8080, "0A", 555));
  writeProcess(12, "sshd", 444);
  writeProcess(812, "nginx", 555);
  expect(portHolder(8080, proc)).toBe("nginx (process 812)");
});

it("does not take a connection for a listener, nor one port for another", () => {
  writeFileSync(join(proc, "net", "tcp6"), header + row(8080, "01", 555) + row(8081, "0A", 556));
  writeProcess(812, "nginx", 555);
  expect(portHolder(8080, proc)).toBeUndefined();
});

it("does not know where the kernel does not tell", () => {
  expect(portHolder(8080, join(proc, "nothing"))).toBeUndefined();
});

it.runIf(process.platform === "linux")("finds this very process", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(portHolder(port)).toContain(`(process ${process.pid})`);
  server.close();
});
