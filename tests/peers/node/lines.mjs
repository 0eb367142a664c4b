// One JSON line in, one JSON line out: [command, argument] becomes {"value": …} or {"error": "…"}.
// What an engine logs goes to the error output, so that nothing but answers stands on the output.
import { createInterface } from 'node:readline';

console.log = console.info = console.debug = console.error;

export async function answer(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answered(commands, line)) + '\n');
  }
  process.exit(0);
}

async function answered(commands, line) {
  try {
    const [command, argument] = JSON.parse(line);
    return { value: (await commands[command](argument)) ?? null };
  } catch (problem) {
    return { error: String(problem?.message ?? problem) };
  }
}
