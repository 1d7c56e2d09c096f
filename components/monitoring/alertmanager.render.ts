import { yamlFile } from "./rules.render.ts";

/**
 * Everything that Alertmanager reads, file name -> content. No receiver is configured yet: alerts are grouped, inhibited
 * and shown on its console, and end at `unrouted`, which has no integrations and says by its name that nobody is told.
 */
export function renderAlertmanager(): Record<string, string> {
  return {
    "alertmanager.yml": yamlFile({
      global: { resolve_timeout: "5m" },
      route: {
        receiver: "unrouted",
        group_by: ["alertname", "service"],
        group_wait: "30s",
        group_interval: "5m",
        repeat_interval: "4h",
        routes: [
          {
            // A heartbeat: it repeats, and its absence is the message.
            matchers: ['alertname="Watchdog"'],
            receiver: "unrouted",
            group_wait: "0s",
            group_interval: "1m",
            repeat_interval: "5m",
          },
        ],
      },
      receivers: [{ name: "unrouted" }],
      inhibit_rules: [
        {
          // Whatever else is wrong with a part that is gone follows from its absence. Both sides name a service, or
          // all alerts without one would count as the same.
          source_matchers: ['alertname="ServiceDown"', 'service=~".+"'],
          target_matchers: [
            'alertname!="ServiceDown"',
            'severity=~"critical|warning|info"',
            'service=~".+"',
          ],
          equal: ["service"],
        },
      ],
    }),
  };
}
