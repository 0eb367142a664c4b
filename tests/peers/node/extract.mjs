// CSIRO's template-based extraction: a response and a form with templates to a transaction.
import { createRequire } from 'node:module';
import { answer } from './lines.mjs';

// Its ES module imports a folder, which Node refuses; its CommonJS build does not.
const { inAppExtract } = createRequire(import.meta.url)('@aehrc/sdc-template-extract');
let questionnaire;
let responses = [];

async function extracted(response) {
  const { extractResult, extractSuccess } = await inAppExtract(structuredClone(response), questionnaire, null);
  if (!extractSuccess || !extractResult.extractedBundle) throw new Error(JSON.stringify(extractResult));
  return extractResult.extractedBundle;
}

// What is made of each; later measurements are about these responses.
async function keep(given) {
  responses = given;
  return Promise.all(given.map(extracted));
}

// Seconds for one response, by Node's clock: everybody's, `rounds` times.
async function seconds(rounds) {
  const began = process.hrtime.bigint();
  for (let round = 0; round < rounds; round += 1) for (const response of responses) await extracted(response);
  return Number(process.hrtime.bigint() - began) / 1e9 / rounds / responses.length;
}

await answer({
  form: (given) => { questionnaire = given; },
  extracted,
  responses: keep,
  seconds,
});
