/** As in Grafana. Pixels. */
const cellHeight = 30;
const cellGap = 8;

/** The look of every page. */
export const style = `
:root { color-scheme: dark; font: 14px/1.4 system-ui, "DejaVu Sans", sans-serif; }
* { box-sizing: border-box; }
body { margin: 0; background: #14171c; color: #dfe3ea; }
a { color: #8db9ec; text-decoration: none; }
a:hover { text-decoration: underline; }
header { padding: 12px 16px 10px; border-bottom: 1px solid #2c323c; background: #191d24; }
header .line { display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: baseline; }
h1 { margin: 0; font-size: 19px; font-weight: 600; }
.notice { border: 1px solid #d98a1f; color: #f0b35a; border-radius: 3px; padding: 0 7px; font-size: 12px; }
.facts, .about { color: #98a1af; font-size: 12px; }
nav { margin-top: 8px; display: flex; flex-wrap: wrap; gap: 4px; }
nav a { padding: 3px 10px; border-radius: 3px; background: #222730; color: #c5ccd8; font-size: 13px; }
nav a.here { background: #34506f; color: #fff; }
main { padding: 12px 16px 24px; display: grid; grid-template-columns: repeat(24, minmax(0, 1fr));
  grid-auto-rows: ${cellHeight}px; gap: ${cellGap}px; }
.row { align-self: end; font-size: 15px; font-weight: 600; color: #c5ccd8; }
.panel { background: #1b1f27; border: 1px solid #272c36; border-radius: 4px; display: flex;
  flex-direction: column; min-width: 0; overflow: hidden; }
.panel > h2 { margin: 0; padding: 5px 9px 2px; font-size: 13px; font-weight: 500; display: flex; gap: 8px;
  align-items: baseline; white-space: nowrap; }
.panel > h2 .title { overflow: hidden; text-overflow: ellipsis; cursor: help; }
.panel > h2 .side { margin-left: auto; display: flex; gap: 6px; font-size: 11px; font-weight: 400; }
.limit::before { content: "\\2013\\2009\\2013\\2009"; }
.body { flex: 1; min-height: 0; position: relative; }
.chart { position: absolute; inset: 0 4px 2px; }
.empty { height: 100%; display: grid; place-content: center; text-align: center; color: #7d8694; padding: 8px; }
.empty b { font-weight: 500; color: #98a1af; }
.stats { height: 100%; display: flex; gap: 1px; }
.stat { flex: 1; min-width: 0; position: relative; display: flex; flex-direction: column; align-items: center;
  justify-content: center; overflow: hidden; }
.stat-value { font-size: 30px; font-weight: 600; z-index: 1; white-space: nowrap; }
.stat.filled { color: #fff; border-radius: 0 0 3px 3px; }
.stat-name { font-size: 12px; color: #98a1af; z-index: 1; }
.spark { position: absolute; left: 0; right: 0; bottom: 0; width: 100%; height: 45%; opacity: .45; }
.bars { height: 100%; overflow: auto; padding: 4px 10px 8px; display: flex; flex-direction: column; gap: 5px;
  justify-content: safe center; }
.bar { display: grid; grid-template-columns: minmax(0, 11em) 1fr 6.5em; gap: 8px; align-items: center;
  font-size: 12px; }
.bar-name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: right; color: #c5ccd8; }
.bar-track { background: #262b34; height: 14px; border-radius: 2px; overflow: hidden; }
.bar-fill { display: block; height: 100%; min-width: 1px; }
.bar-value, td.number { font-variant-numeric: tabular-nums; }
.scroll { height: 100%; overflow: auto; }
table { width: 100%; border-collapse: collapse; font-size: 13px; }
th { position: sticky; top: 0; background: #1b1f27; text-align: left; font-weight: 500; color: #98a1af; font-size: 12px; }
th, td { padding: 4px 9px; border-bottom: 1px solid #262b34; white-space: nowrap; }
td.number { text-align: right; }
td.none { text-align: right; color: #7d8694; }
th.number { text-align: right; }
`;
