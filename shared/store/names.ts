/** Names of the table's attributes that infrastructure must know too. */
export const TABLE = {
  partitionKey: 'pk',
  sortKey: 'sk',
  ttl: 'expiresAt',
  ledgerIndex: { name: 'ledger', partitionKey: 'ledgerPk', sortKey: 'ledgerSk' },
} as const;
