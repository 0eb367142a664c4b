// LHC-Forms in jsdom, without a browser: fill a scoring form with a response, let it calculate, and read the scores.
// `_expressionProcessor` is a private part of LHC-Forms, so its version is pinned.
import { readFileSync } from 'node:fs';
import { JSDOM, VirtualConsole } from 'jsdom';
import { answer } from './lines.mjs';

const HOME = new URL('./node_modules/lforms/dist/lforms/', import.meta.url);
const PARTS = ['assets/lib/zone.min.js', 'runtime.js', 'polyfills.js', 'main.js'].map((name) => `webcomponent/${name}`);

function loaded() {
  const dom = new JSDOM('<!doctype html><html><body></body></html>', {
    runScripts: 'outside-only', pretendToBeVisual: true, virtualConsole: new VirtualConsole(), url: 'http://localhost/',
  });
  const { window } = dom;
  window.matchMedia = () => ({ matches: false, addListener() {}, removeListener() {}, addEventListener() {}, removeEventListener() {} });
  window.ResizeObserver = class { observe() {} unobserve() {} disconnect() {} };
  window.structuredClone = structuredClone;
  for (const part of [...PARTS, 'fhir/R4/lformsFHIR.min.js']) window.eval(readFileSync(new URL(part, HOME), 'utf8'));
  return window.LForms;
}

const LForms = loaded();
let questionnaire;

async function filled(response) {
  const empty = LForms.Util.convertFHIRQuestionnaireToLForms(structuredClone(questionnaire), 'R4');
  const definition = LForms.Util.mergeFHIRDataIntoLForms('QuestionnaireResponse', structuredClone(response), empty, 'R4');
  definition.hasSavedData = false; // or nothing is calculated anew
  const data = new LForms.LFormsData(definition);
  await data.loadFHIRResources(false);
  await data._expressionProcessor.runCalculations(true);
  return LForms.Util.getFormFHIRData('QuestionnaireResponse', 'R4', data);
}

// linkId to number for every score that came out.
async function scores(responses) {
  const found = [];
  for (const response of responses) {
    const made = await filled(response);
    const items = (made.item ?? []).filter((item) => item.linkId.startsWith('score.') && item.answer);
    found.push(Object.fromEntries(items.map((item) => [item.linkId, item.answer[0].valueDecimal])));
  }
  return found;
}

await answer({
  form: (given) => { questionnaire = given; },
  scores,
});
