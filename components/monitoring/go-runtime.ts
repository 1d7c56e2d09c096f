/**
 * Bounds for a Go program in a container: before Go 1.25 the runtime counts the machine's cores, and it never knows the
 * memory limit. Collecting garbage from nine tenths of it on is what keeps the kernel from ending the program.
 */
export function goRuntimeEnv(limits: {
  readonly memoryMb: number;
  readonly cpus: number;
}): Record<string, string> {
  return {
    GOMAXPROCS: String(Math.max(1, Math.ceil(limits.cpus))),
    GOMEMLIMIT: `${Math.floor(limits.memoryMb * 0.9)}MiB`,
  };
}
