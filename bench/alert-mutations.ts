import { allAlerts } from "../components/monitoring/alerts/catalogue.ts";
import { mutantsOf, passing, unchanged } from "../test/artefacts/alert-mutants.ts";

/**
 * `node --import tsx bench/alert-mutations.ts IMAGE [NAME...]`: changes each threshold, duration, window and comparison
 * of each alert (or of those named), and counts how many of the changes the alert's own tests notice.
 *
 * @param IMAGE with promtool, such as the fleet's own Prometheus image.
 */
const [image, ...names] = process.argv.slice(2);
if (image === undefined) throw new Error("usage: alert-mutations.ts IMAGE [ALERT...]");
const alerts = allAlerts().filter(({ name }) => names.length === 0 || names.includes(name));

const sound = await passing(image, unchanged(alerts));
const unsound = alerts.filter(({ name }) => !sound.includes(`${name} unchanged`));
if (unsound.length > 0) {
  throw new Error(`tests fail without any change: ${unsound.map(({ name }) => name).join(", ")}`);
}
const mutants = mutantsOf(alerts);
const survivors = await passing(image, mutants);
for (const name of survivors) console.log(`survived: ${name}`);
console.log(
  `${alerts.length} alerts, ${mutants.length} mutants, ${mutants.length - survivors.length} killed`,
);
process.exitCode = survivors.length === 0 ? 0 : 1;
