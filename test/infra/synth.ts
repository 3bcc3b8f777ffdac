/** Templates without bundles: synthesis takes a moment instead of a minute. */
import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { stacksOf } from '../../infra/stacks.ts';
import { findStage } from '../../infra/stages.ts';
import type { BusinessDate } from '../../shared/values/calendar.ts';

const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));

export interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation is what it is.
  Properties: any;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

export interface Synthesized {
  data: Template;
  pipeline: Template;
  operations: Template;
  /** All resources of a type in all stacks, by logical id. */
  all(type: string): [string, Resource][];
}

/** A day on which every program of the catalogue goes on: templates must not depend on the day of the test. */
const TODAY = '2024-08-01';

/** The stacks of a stage, with the feature flags they are deployed with. */
export function synthesize(stage: string, today: BusinessDate = TODAY): Synthesized {
  const app = new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] } });
  const stacks = stacksOf(app, findStage(stage), today);
  const [data, pipeline, operations] = [stacks.data, stacks.pipeline, stacks.operations].map((stack) =>
    Template.fromStack(stack),
  ) as [Template, Template, Template];
  return {
    data,
    pipeline,
    operations,
    all: (type) =>
      [data, pipeline, operations].flatMap((template) => Object.entries(template.findResources(type))) as [
        string,
        Resource,
      ][],
  };
}
