/** A deployed function that is made to fail, and mended. */
import { until } from './stage.ts';

interface Configuration {
  FunctionName: string;
  State: string;
  LastUpdateStatus: string;
  Environment: { Variables: Record<string, string> };
}

/**
 * Sends a function to a table that is not there. Plain requests, because this local AWS asks for no signature.
 * @returns what mends it.
 */
export async function breakFunction(endpoint: string, part: string): Promise<() => Promise<void>> {
  const functions = `${endpoint}/2015-03-31/functions/`;
  const { Functions } = (await ask(functions)) as { Functions: Configuration[] };
  const broken = Functions.find(({ FunctionName }) => FunctionName.includes(part));
  if (broken === undefined) throw new Error(`no deployed function has ${part} in its name`);
  const { FunctionName, Environment } = broken;
  const url = `${functions}${FunctionName}/configuration`;
  const set = async (Variables: Record<string, string>) => {
    await ask(url, { method: 'PUT', body: JSON.stringify({ Environment: { Variables } }) });
    await until(`${FunctionName} is updated`, async () => {
      const { State, LastUpdateStatus } = (await ask(url)) as Configuration;
      return State === 'Active' && LastUpdateStatus === 'Successful';
    });
  };
  await set({ ...Environment.Variables, TABLE_NAME: 'no-such-table' });
  return () => set(Environment.Variables);
}

async function ask(url: string, init?: RequestInit): Promise<unknown> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}
