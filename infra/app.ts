/** The application: the stacks of one stage, `npx cdk deploy --all -c stage=prod`. */
import { App } from 'aws-cdk-lib';
import { stacksOf } from './stacks.ts';
import { findStage } from './stages.ts';

const app = new App();
stacksOf(app, findStage(app.node.tryGetContext('stage') ?? 'dev'));
