/** Bad facts are refused with a message that names the field, the value and what is allowed. */
import { describe, expect, it } from 'vitest';
import { parseFact } from '../../shared/facts/parse.ts';
import { attestation, merchant, sales, sanction, session } from '../support/facts.ts';

const ARRIVED = '2024-08-10';

/** The reason why a line is refused; undefined when it is not. */
function refusal(fact: unknown, arrivedOn = ARRIVED): string | undefined {
  const result = parseFact(typeof fact === 'string' ? fact : JSON.stringify(fact), arrivedOn);
  return result.ok ? undefined : result.reason;
}

const SALES = sales('2024-08-01', 100);
const SESSION = session('2024-08-01');
const COUNT = 'a whole number from 0 to 9007199254740991';
const FEN = 'a whole number of fen from 0 to 10000000000000';
const ID = '1 to 64 of A-Z a-z 0-9 . _ : @ -, starting with a letter or digit';
const member = (from: string, to?: string) => ({
  agencyId: 'g-1',
  from,
  ...(to === undefined ? {} : { to }),
});

describe('a good fact of each type', () => {
  it.each([
    [
      'participant',
      merchant('m-1', { memberships: [member('2024-08-01', '2024-08-05'), member('2024-08-06')] }),
    ],
    ['broadcast', SESSION],
    ['sales', SALES],
    ['attestation', attestation()],
    ['sanction', sanction('2024-08-01', '2024-08-01')],
  ])('%s passes', (_, fact) => {
    expect(refusal(fact)).toBeUndefined();
  });
});

describe('a bad fact', () => {
  it.each<[string, unknown, string]>([
    ['an unknown key', { ...SALES, tip: 1 }, 'tip: unknown key; allowed: the keys of its kind'],
    ['a float', { ...SALES, grossFen: 1.5 }, `grossFen: got 1.5; allowed: ${FEN}`],
    ['a negative', { ...SALES, refundedFen: -1 }, `refundedFen: got -1; allowed: ${FEN}`],
    ['2^53', { ...SALES, grossFen: 2 ** 53 }, `grossFen: got 9007199254740992; allowed: ${FEN}`],
    ['a number as text', { ...SALES, orders: '1' }, `orders: got "1"; allowed: ${COUNT}`],
    [
      '30 February',
      { ...SALES, date: '2024-02-30' },
      'date: got "2024-02-30"; allowed: a calendar date as YYYY-MM-DD',
    ],
    [
      '29 February of a common year',
      { ...SALES, date: '2023-02-29' },
      'date: got "2023-02-29"; allowed: a calendar date as YYYY-MM-DD',
    ],
    ['a month 13', attestation({ month: '2024-13' }), 'month: got "2024-13"; allowed: a month as YYYY-MM'],
    [
      'an end before its start',
      { ...SESSION, endedAt: '2024-08-01T11:59:59.999Z' },
      'endedAt: got "2024-08-01T11:59:59.999Z"; allowed: an end at or after startedAt',
    ],
    [
      'an instant without an offset',
      { ...SESSION, startedAt: '2024-08-01T20:00:00' },
      'startedAt: got "2024-08-01T20:00:00"; allowed: an ISO 8601 instant with an offset, as 2024-07-31T20:00:00+08:00',
    ],
    [
      'refunds above gross',
      { ...SALES, refundedFen: 101 },
      'refundedFen: got 101; allowed: refunds of at most grossFen',
    ],
    ['an id with #', merchant('m#1'), `id: got "m#1"; allowed: ${ID}`],
    ['an empty id', merchant(''), `id: got ""; allowed: ${ID}`],
    ['an id of 65 characters', merchant('m'.repeat(65)), `allowed: ${ID}`],
    [
      'an id that is missing',
      { ...SALES, participantId: undefined },
      'participantId: got nothing; allowed: a string',
    ],
    [
      'a name of 300 KB',
      merchant('m-1', { name: 'x'.repeat(300_000) }),
      '(300002 characters); allowed: a name of 1 to 200 characters',
    ],
    [
      'an unknown type',
      { ...SALES, type: 'gift' },
      'type: got "gift"; allowed: participant, broadcast, sales, attestation, sanction',
    ],
    ['no type', {}, 'type: got nothing; allowed: participant, broadcast, sales, attestation, sanction'],
    [
      'an unknown platform',
      { ...merchant(), platform: 'myspace' },
      'platform: got "myspace"; allowed: xiaohongshu, channels, douyin, taobao, tmall',
    ],
    [
      'an attestation of its own platform',
      { ...attestation(), platform: 'xiaohongshu' },
      'platform: got "xiaohongshu"; allowed: douyin, taobao, tmall, channels',
    ],
    [
      'memberships that overlap',
      merchant('m-1', { memberships: [member('2024-08-01', '2024-08-05'), member('2024-08-05')] }),
      'allowed: memberships that do not overlap',
    ],
    [
      'memberships that overlap without an end',
      merchant('m-1', { memberships: [member('2024-08-01'), member('2024-09-01')] }),
      'allowed: memberships that do not overlap',
    ],
    [
      'a membership that ends before it starts',
      merchant('m-1', { memberships: [member('2024-08-02', '2024-08-01')] }),
      'allowed: a membership that ends on or after its first date',
    ],
    [
      'memberships of a creator',
      merchant('c-1', { kind: 'creator', memberships: [member('2024-08-01')] }),
      'allowed: memberships only for a merchant',
    ],
    [
      'an agency kind of a merchant',
      merchant('m-1', { agencyKind: 'mcn' }),
      'agencyKind: got "mcn"; allowed: agencyKind only for an agency',
    ],
    [
      'a sanction that ends before it starts',
      sanction('2024-08-02', '2024-08-01'),
      'to: got "2024-08-01"; allowed: a last date on or after from',
    ],
    [
      'an attestation that expires before it is verified',
      attestation({ verifiedOn: '2024-08-02', expiresOn: '2024-08-01' }),
      'expiresOn: got "2024-08-01"; allowed: an expiry on or after verifiedOn',
    ],
  ])('with %s is refused', (_, fact, message) => {
    expect(refusal(fact)).toContain(message);
  });

  it.each([
    ['text', 'hello, world', 'not JSON: "hello, world"; allowed: one JSON object a line'],
    ['half a line', '{"type":"sales"', 'not JSON: "{\\"type\\":\\"sales\\""'],
    ['a list', '[]', 'value: got []'],
    ['a number', '7', 'value: got 7'],
    ['null', 'null', 'value: got null'],
  ])('that is %s is refused', (_, line, message) => {
    expect(refusal(line)).toContain(message);
  });

  it('names every field at fault', () => {
    const reason = refusal({ ...SALES, grossFen: -1, date: 'today' });
    expect(reason).toContain('grossFen: got -1');
    expect(reason).toContain('date: got "today"');
  });

  it('keeps a message short, however long the value', () => {
    expect(refusal(merchant('m-1', { name: 'x'.repeat(300_000) }))?.length).toBeLessThan(300);
    expect(refusal('x'.repeat(300_000))?.length).toBeLessThan(300);
  });
});

describe('a fact dated after the day it arrives', () => {
  it('is refused when it is sales or a session, by the business date', () => {
    const midnight = session('2024-08-11', { at: '00:00' });
    expect(refusal(sales('2024-08-11', 1))).toBe(
      'date: got business date 2024-08-11; allowed: at most the day it arrives, 2024-08-10',
    );
    expect(midnight.startedAt).toMatch('2024-08-10T16:00');
    expect(refusal(midnight)).toContain('startedAt: got business date 2024-08-11');
  });

  it('passes on that day, and when it is about no date', () => {
    expect(refusal(sales(ARRIVED, 1))).toBeUndefined();
    expect(refusal(session(ARRIVED, { at: '23:14' }))).toBeUndefined();
    expect(refusal(sanction('2024-12-01', undefined))).toBeUndefined();
  });
});
