import { enabledAlerts } from "./alerts/catalogue.ts";
import { readAlerts } from "./alerts/settings.ts";
import { paces, type AlertmanagerSpec } from "./alertmanager.schema.ts";
import { inhibitRules } from "./inhibitions.ts";
import { renderIntegration } from "./integration.render.ts";
import type { MonitoringSpec } from "./monitoring.schema.ts";
import { bySeverity, groupName, secretFile, unrouted } from "./receivers.ts";
import { yamlFile } from "./rules.render.ts";

/** Directory that Alertmanager reads; secrets lie beside the configuration. */
export const alertmanagerConfigPath = "/etc/alertmanager";

/** Everything that Alertmanager reads but the secrets of receivers, file name -> content. */
export function renderAlertmanager(monitoring: MonitoringSpec): Record<string, string> {
  const { alertmanager: spec, slo, alerts } = monitoring;
  const { maintenance } = spec;
  return {
    "alertmanager.yml": yamlFile({
      global: { resolve_timeout: "5m" },
      route: {
        receiver: groupName(spec.routes.critical),
        // One message for each alert of each service.
        group_by: ["alertname", "service"],
        ...pace("warning"),
        routes: routes(spec),
      },
      receivers: receivers(spec),
      inhibit_rules: inhibitRules(enabledAlerts(slo, readAlerts(alerts).changes)),
      ...(maintenance.length > 0 && {
        time_intervals: maintenance.map(({ name, from, to, weekdays, timezone }) => ({
          name,
          time_intervals: [
            { times: [{ start_time: from, end_time: to }], weekdays, location: timezone },
          ],
        })),
      }),
    }),
  };
}

function pace(kind: keyof typeof paces) {
  const { group, interval, repeat } = paces[kind];
  return { group_wait: group, group_interval: interval, repeat_interval: repeat };
}

/** From the most special to the most general: Alertmanager takes the first that matches. */
function routes(spec: AlertmanagerSpec): object[] {
  const severities = ["critical", "warning", "info"] as const;
  const muted = (severity: (typeof severities)[number]) => {
    const windows = spec.maintenance
      .filter((window) => window.severities.includes(severity))
      .map(({ name }) => name);
    return windows.length > 0 ? { mute_time_intervals: windows } : {};
  };
  return [
    {
      matchers: ['alertname="Watchdog"'],
      receiver: groupName(spec.routes.heartbeat),
      ...pace("heartbeat"),
    },
    ...spec.routes.services.flatMap((entry) =>
      severities
        .filter((severity) => entry.severities.includes(severity))
        .map((severity) => ({
          matchers: [`severity="${severity}"`, `service=~"${entry.services.join("|")}"`],
          receiver: groupName(entry.receivers),
          ...pace(severity),
          ...muted(severity),
        })),
    ),
    ...severities.map((severity) => ({
      matchers: [`severity="${severity}"`],
      receiver: groupName(bySeverity(spec.routes)[severity]),
      ...pace(severity),
      ...muted(severity),
    })),
    { matchers: ['severity="none"'], receiver: unrouted },
  ];
}

/** One for each group of receivers that a route names: Alertmanager's routes lead to one receiver only. */
function receivers(spec: AlertmanagerSpec): object[] {
  const { critical, warning, info } = bySeverity(spec.routes);
  const groups = [
    critical,
    warning,
    info,
    spec.routes.heartbeat,
    ...spec.routes.services.map((entry) => entry.receivers),
  ];
  const named = new Map(groups.map((group) => [groupName(group), [...new Set(group)].sort()]));
  named.set(unrouted, []);
  return [...named]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, members]) => {
      const configs: Record<string, object[]> = {};
      for (const member of members) {
        const receiver = spec.receivers.find((candidate) => candidate.name === member);
        if (!receiver) throw new Error(`alertmanager: no receiver is named ${member}`);
        const secret = `${alertmanagerConfigPath}/current/${secretFile(member)}`;
        (configs[`${receiver.kind}_configs`] ??= []).push(renderIntegration(receiver, secret));
      }
      return { name, ...configs };
    });
}
