import type { ReceiverSpec } from "./alertmanager.schema.ts";

/**
 * What one receiver is told, as Alertmanager's integration of its kind takes it.
 *
 * @param secretPath file with the receiver's secret, where Alertmanager sees it.
 */
export function renderIntegration(receiver: ReceiverSpec, secretPath: string): object {
  const send_resolved = receiver.resolved;
  switch (receiver.kind) {
    case "webhook":
      return { send_resolved, url_file: secretPath, max_alerts: 0 };
    case "slack":
      return {
        send_resolved,
        api_url_file: secretPath,
        channel: receiver.channel,
        title,
        text,
      };
    case "pagerduty":
      return {
        send_resolved,
        routing_key_file: secretPath,
        ...(receiver.url !== undefined && { url: receiver.url }),
        description: title,
        // Ours but `none`, which PagerDuty does not know and would refuse.
        severity:
          '{{ with .CommonLabels.severity }}{{ if eq . "none" }}info{{ else }}{{ . }}{{ end }}{{ else }}warning{{ end }}',
        source: "{{ .CommonLabels.fleet }} {{ .CommonLabels.environment }}",
        component: "{{ .CommonLabels.service }}",
        class: "{{ .CommonLabels.alertname }}",
        // A path in the repository is no link, and an empty one is left out.
        links: [
          {
            href: '{{ if match "^https?://" .CommonAnnotations.runbook_url }}{{ .CommonAnnotations.runbook_url }}{{ end }}',
            text: "Runbook",
          },
        ],
      };
    case "email":
      return {
        send_resolved,
        to: receiver.to,
        from: receiver.from,
        smarthost: receiver.smarthost,
        ...(receiver.username !== undefined && {
          auth_username: receiver.username,
          auth_password_file: secretPath,
        }),
        headers: { Subject: title },
        text,
      };
  }
}

/** A group that fires may hold alerts that ended: its name is that of one that has not. */
const title =
  "[{{ .Status | toUpper }}] {{ .CommonLabels.severity }}: {{ with index (or .Alerts.Firing .Alerts.Resolved) 0 }}{{ .Annotations.summary }}{{ end }} ({{ .CommonLabels.fleet }}, {{ .CommonLabels.environment }})";

const text = [
  "{{ range .Alerts.Firing }}{{ .Annotations.description }}",
  "{{ .Annotations.runbook_url }}",
  "{{ end }}{{ range .Alerts.Resolved }}Resolved: {{ .Annotations.description }}",
  "{{ .Annotations.runbook_url }}",
  "{{ end }}",
].join("\n");
