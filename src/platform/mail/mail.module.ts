import { Global, Module } from '@nestjs/common';
import { MailJobs } from './mail.jobs.js';
import { MailRepository } from './mail.repository.js';
import { MailSeal } from './mail-seal.js';
import { MailSender } from './mail-sender.js';
import { Mail } from './mail.service.js';
import { MailTransport } from './mail-transport.js';

@Global()
@Module({ providers: [Mail, MailJobs, MailRepository, MailSeal, MailSender, MailTransport], exports: [Mail] })
export class MailModule {}
