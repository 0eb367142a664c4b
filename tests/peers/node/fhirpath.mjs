// HL7's fhirpath.js: does an expression compile, and what do a scoring form's expressions make of a response?
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';
import { answer } from './lines.mjs';

const VARIABLE = 'http://hl7.org/fhir/StructureDefinition/variable';
const CALCULATED = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression';
let variables = [];
let scores = [];
let responses = [];

// What the engine knows without being told; https://hl7.org/fhir/R4/fhirpath.html#variables and SDC's own.
const GIVEN = new Set(['context', 'resource', 'rootResource', 'ucum', 'sct', 'loinc', 'questionnaire', 'qitem']);

// What is wrong with an expression; null where nothing is. `declared`: names of the variables it may use.
function problem({ expression, declared }) {
  try {
    const tree = fhirpath.parse(expression);
    fhirpath.compile(expression, r4);
    const strange = named(tree, 'FunctionInvocation').find((name) => !isFunction(name));
    if (strange) return `no function ${strange}()`;
    const undeclared = named(tree, 'ExternalConstantTerm').find((name) => !GIVEN.has(name) && !declared.includes(name));
    return undeclared ? `no variable %${undeclared}` : null;
  } catch (wrong) {
    return String(wrong.message ?? wrong);
  }
}

// The names of every node of a kind; compiling looks neither functions nor variables up.
function named(node, kind) {
  return [...(node.type === kind ? [node.text] : []), ...(node.children ?? []).flatMap((child) => named(child, kind))];
}

function isFunction(name) {
  try {
    fhirpath.evaluate({}, `{}.${name}()`);
    return true;
  } catch (wrong) {
    return !String(wrong.message).startsWith('Not implemented');
  }
}

function expressions(node, url) {
  return (node.extension ?? []).filter((one) => one.url === url).map((one) => one.valueExpression);
}

// Compile a scoring form's variables and scores; what is asked next is about that form.
function form(questionnaire) {
  variables = expressions(questionnaire, VARIABLE).map((one) => [one.name, fhirpath.compile(one.expression, r4)]);
  scores = questionnaire.item.flatMap((item) =>
    expressions(item, CALCULATED).map((one) => [item.linkId, fhirpath.compile(one.expression, r4)]),
  );
  return scores.length;
}

// linkId to number, null where the expression gives none.
function evaluated(response) {
  const context = { resource: response }; // a form filler gives %resource (SDC)
  for (const [name, compiled] of variables) context[name] = compiled(response, context);
  return Object.fromEntries(scores.map(([linkId, compiled]) => [linkId, compiled(response, context)[0] ?? null]));
}

// Seconds for one response, by Node's clock: everybody's, `rounds` times.
function seconds(rounds) {
  const began = process.hrtime.bigint();
  for (let round = 0; round < rounds; round += 1) responses.forEach(evaluated);
  return Number(process.hrtime.bigint() - began) / 1e9 / rounds / responses.length;
}

await answer({
  problems: (given) => given.map(problem),
  form,
  scores: (given) => given.map(evaluated),
  responses: (given) => { responses = given; },
  seconds,
});
