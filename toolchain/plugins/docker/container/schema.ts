import { bool, int, list, map, set, single, str, type Fields } from "../../bridge/schema.ts";
import { labelFields } from "../labels.ts";
import { absolutePath, atLeast, base64, duration, oneOf, pattern } from "../validate.ts";
import { samePorts } from "./ports.ts";
import { isZero, type Value } from "../../bridge/values.ts";

const forceNew = true;
const computed = true;
const refused = true;
const outputOnly = true;

const throttle: Fields = { path: str({ required: true }), rate: int({ required: true }) };
/** What is left out is the image's to say: its answer is no change. */
const emptyKeeps = (prior: Value, next: Value) => isZero(next) || prior === next;

/** Properties of a container: names, defaults and replacement as in docker 5.2.0. */
export const containerFields: Fields = {
  attach: bool({ default: false, refused }),
  bridge: str({ computed, outputOnly }),
  capabilities: single(
    "set",
    {
      adds: set({ forceNew, raw: "add" }),
      drops: set({ forceNew, raw: "drop" }),
    },
    { forceNew },
  ),
  cgroupParent: str({ forceNew, refused }),
  cgroupnsMode: str({ forceNew, refused }),
  command: list({ computed, forceNew }),
  containerLogs: str({ computed, outputOnly }),
  containerReadRefreshTimeoutMilliseconds: int({ default: 15000 }),
  cpuPeriod: int({ refused }),
  cpuQuota: int({ refused }),
  cpuSet: str({ refused }),
  cpuShares: int({ refused }),
  cpus: str({ forceNew, validate: pattern(/^\d+(\.\d{1,9})?$/, "a number of CPUs such as 0.5") }),
  destroyGraceSeconds: int({ validate: atLeast(0) }),
  deviceReadBps: set({ element: throttle, refused }),
  deviceReadIops: set({ element: throttle, refused }),
  deviceRequests: set({ forceNew, refused, element: {} }),
  deviceWriteBps: set({ element: throttle, refused }),
  deviceWriteIops: set({ element: throttle, refused }),
  devices: set({ forceNew, refused, element: {} }),
  dns: set({ forceNew, refused }),
  dnsOpts: set({ forceNew, refused }),
  dnsSearches: set({ forceNew, refused, raw: "dns_search" }),
  domainname: str({ forceNew, refused }),
  entrypoints: list({ computed, forceNew, raw: "entrypoint" }),
  envs: set({ computed, forceNew, raw: "env" }),
  exitCode: int({ computed, outputOnly }),
  gpus: str({ forceNew, refused }),
  groupAdds: set({ forceNew, refused, raw: "group_add" }),
  healthcheck: single(
    "list",
    {
      interval: str({ default: "0s", validate: duration }),
      retries: int({ default: 0, validate: atLeast(0) }),
      startInterval: str({ default: "0s", validate: duration }),
      startPeriod: str({ default: "0s", validate: duration }),
      tests: list({ raw: "test" }),
      timeout: str({ default: "0s", validate: duration }),
    },
    { computed },
  ),
  hostname: str({ computed, forceNew }),
  hosts: set({
    forceNew,
    raw: "host",
    element: {
      host: str({ required: true, forceNew }),
      ip: str({ required: true, forceNew }),
    },
  }),
  image: str({ required: true, forceNew }),
  init: bool({ computed }),
  ipcMode: str({ computed, forceNew, refused }),
  labels: set({ computed, forceNew, element: labelFields }),
  logDriver: str({ computed, forceNew }),
  logOpts: map({ forceNew }),
  logs: bool({ default: false, refused }),
  maxRetryCount: int({ refused }),
  memory: int({ validate: atLeast(0) }),
  memoryReservation: int({ default: 0, refused }),
  memorySwap: int({ validate: atLeast(-1) }),
  mounts: set({ forceNew, refused, element: {} }),
  mustRun: bool({ default: true }),
  name: str({ required: true, forceNew }),
  networkDatas: list({
    computed,
    outputOnly,
    raw: "network_data",
    element: {
      gateway: str(),
      globalIpv6Address: str(),
      globalIpv6PrefixLength: int(),
      ipAddress: str(),
      ipPrefixLength: int(),
      ipv6Gateway: str(),
      macAddress: str(),
      networkName: str(),
    },
  }),
  networkMode: str({ default: "bridge", forceNew }),
  networksAdvanced: set({
    forceNew,
    element: {
      aliases: set({ forceNew }),
      driverOpts: set({ forceNew, refused }),
      gwPriority: int({ forceNew, refused }),
      ipv4Address: str({ forceNew }),
      ipv6Address: str({ forceNew, refused }),
      linkLocalIps: set({ forceNew, refused }),
      macAddress: str({ forceNew, refused }),
      name: str({ required: true, forceNew }),
    },
  }),
  pidMode: str({ forceNew, refused }),
  platform: str({ computed, forceNew, refused }),
  ports: list({
    forceNew,
    suppress: samePorts,
    element: {
      external: int({ computed, forceNew, validate: atLeast(0) }),
      internal: int({ required: true, forceNew, validate: atLeast(1) }),
      ip: str({ default: "0.0.0.0", forceNew }),
      protocol: str({ default: "tcp", forceNew }),
    },
  }),
  privileged: bool({ forceNew, refused }),
  publishAllPorts: bool({ forceNew, refused }),
  readOnly: bool({ default: false, forceNew }),
  removeVolumes: bool({ default: true }),
  restart: str({
    default: "no",
    validate: oneOf("no", "on-failure", "always", "unless-stopped"),
  }),
  rm: bool({ default: false, refused }),
  runtime: str({ computed, forceNew, refused }),
  securityOpts: set({ computed, forceNew }),
  shmSize: int({ computed, forceNew, validate: atLeast(0) }),
  start: bool({ default: true }),
  stdinOpen: bool({ default: false, forceNew, refused }),
  stopSignal: str({ computed, forceNew }),
  stopTimeout: int({ computed, forceNew }),
  storageOpts: map({ forceNew, refused }),
  sysctls: map({ forceNew, refused }),
  tmpfs: map(),
  tty: bool({ default: false, forceNew, refused }),
  ulimits: set({ forceNew, refused, raw: "ulimit", element: {} }),
  uploads: set({
    forceNew,
    raw: "upload",
    element: {
      content: str({ forceNew }),
      contentBase64: str({ forceNew, validate: base64 }),
      executable: bool({ default: false, forceNew }),
      file: str({ required: true, forceNew }),
      permissions: str({
        forceNew,
        validate: pattern(/^0[0-7]{3}$/, "an octal mode such as 0444"),
      }),
      source: str({ forceNew, refused }),
      sourceHash: str({ forceNew, refused }),
    },
  }),
  user: str({ forceNew, suppress: emptyKeeps }),
  usernsMode: str({ forceNew, refused }),
  volumes: set({
    forceNew,
    element: {
      containerPath: str({ forceNew }),
      fromContainer: str({ forceNew, refused }),
      hostPath: str({ forceNew, validate: absolutePath }),
      readOnly: bool({ forceNew }),
      selinuxRelabel: str({ forceNew, refused }),
      volumeName: str({ forceNew }),
    },
  }),
  wait: bool({ default: false }),
  waitTimeout: int({ default: 60 }),
  workingDir: str({ forceNew, suppress: emptyKeeps }),
};
