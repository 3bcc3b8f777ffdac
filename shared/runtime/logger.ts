/** The structured log of a function: service and level come from its environment. */
import { Logger } from '@aws-lambda-powertools/logger';

export const logger = new Logger();
