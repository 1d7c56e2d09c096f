import { allAlerts } from "../components/monitoring/alerts/catalogue.ts";
import { mutantsOf, passing, unchanged } from "../test/artefacts/alert-mutants.ts";

/**
 * `node --import tsx bench/alert-mutations.ts IMAGE [NAME...]`: changes each threshold, duration, window and comparison
 * of each alert (or of those named), and counts how many of the changes the alert's own tests notice. One line for each
 * alert as soon as it is done, so that a run that was cut short goes on with the names that are missing.
 *
 * @param IMAGE with promtool, such as the fleet's own Prometheus image.
 */
const [image, ...names] = process.argv.slice(2);
if (image === undefined) throw new Error("usage: alert-mutations.ts IMAGE [ALERT...]");
const known = allAlerts();
const unknown = names.filter((name) => !known.some((alert) => alert.name === name));
if (unknown.length > 0) throw new Error(`no such alert: ${unknown.join(", ")}`);
const alerts = known.filter(({ name }) => names.length === 0 || names.includes(name));

let tried = 0;
let survived = 0;
for (const alert of alerts) {
  const began = Date.now();
  const sound = await passing(image, unchanged([alert]));
  if (sound.length === 0) throw new Error(`${alert.name}: its tests fail without any change`);
  const mutants = mutantsOf([alert]);
  const survivors = await passing(image, mutants);
  const seconds = Math.round((Date.now() - began) / 1000);
  for (const name of survivors) console.log(`survived: ${name}`);
  console.log(
    `${alert.name}: ${mutants.length} mutants, ${mutants.length - survivors.length} killed, ${seconds} s`,
  );
  tried += mutants.length;
  survived += survivors.length;
}
console.log(`${alerts.length} alerts, ${tried} mutants, ${tried - survived} killed`);
process.exitCode = survived === 0 ? 0 : 1;
