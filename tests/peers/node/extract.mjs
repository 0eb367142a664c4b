// CSIRO's template-based extraction: a response and a form with templates to a transaction.
import { createRequire } from 'node:module';
import { answer } from './lines.mjs';

// Its ES module imports a folder, which Node refuses; its CommonJS build does not.
const { inAppExtract } = createRequire(import.meta.url)('@aehrc/sdc-template-extract');
let questionnaire;

async function extracted(response) {
  const { extractResult, extractSuccess } = await inAppExtract(structuredClone(response), questionnaire, null);
  if (!extractSuccess || !extractResult.extractedBundle) throw new Error(JSON.stringify(extractResult));
  return extractResult.extractedBundle;
}

// Seconds for one response, by Node's clock, over `calls` of them.
async function seconds({ response, calls }) {
  const began = process.hrtime.bigint();
  for (let call = 0; call < calls; call += 1) await extracted(response);
  return Number(process.hrtime.bigint() - began) / 1e9 / calls;
}

await answer({
  form: (given) => { questionnaire = given; },
  extracted,
  seconds,
});
