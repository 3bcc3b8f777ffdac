/** The application: the stacks of one stage, `npx cdk deploy --all -c stage=prod`. */
import { App } from 'aws-cdk-lib';
import { stacksOf } from './stacks.ts';
import { findStage, todayOf } from './stages.ts';

const app = new App();
const context = (name: string): unknown => app.node.tryGetContext(name);
stacksOf(app, findStage(context('stage') ?? 'dev'), todayOf(context('today')));
