import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import helmet from 'helmet';
import { openApiDocument } from './api-document.js';
import type { LiveConfig } from './platform/config/live-config.js';

/** Swagger UI at /crm/docs/ and the document at /crm/docs-json, unless the configuration hides them. */
export function serveDocuments(app: NestFastifyApplication, config: LiveConfig): void {
  const { publicDocs } = config.current.http;
  protectBrowsers(app.getHttpAdapter().getInstance());
  grantOrigins(app, config);
  if (!publicDocs) return;
  SwaggerModule.setup('crm/docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'crm/docs-json',
    yamlDocumentUrl: 'crm/docs-yaml',
    customSiteTitle: 'OmniCRM API',
    swaggerOptions: {
      persistAuthorization: false,
      displayRequestDuration: true,
      tryItOutEnabled: true,
      requestInterceptor: bearerOnce,
    },
  });
}

const PAGES = '/crm/docs';

/** What keeps a browser from taking data for anything else; the rest of helmet's fields speak of pages. */
const DATA_FIELDS = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
};

/** Made once: helmet would compile its policies anew for every request, and each field of an answer has its price. */
function protectBrowsers(server: FastifyInstance): void {
  const pageFields = fieldsOfPages();
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(request.routeOptions.url?.startsWith(PAGES) ? pageFields : DATA_FIELDS);
    done();
  });
}

function fieldsOfPages(): Record<string, string | string[] | number | undefined> {
  const sample = new ServerResponse(new IncomingMessage(new Socket()));
  const fill = helmet({
    contentSecurityPolicy: {
      // What Swagger UI needs: its own scripts, inline styles, and images it carries as data.
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        upgradeInsecureRequests: null,
      },
    },
  });
  fill(sample.req, sample, (error?: unknown) => {
    if (error) throw error instanceof Error ? error : new Error('no policy', { cause: error });
  });
  return { ...sample.getHeaders() };
}

/** The origins of the configuration in force, to the letter; nobody else learns that there is such a list. */
function grantOrigins(app: NestFastifyApplication, config: LiveConfig): void {
  app.enableCors({
    // After the hook that knows who asks: a preflight has a request id and an address like every other request.
    hook: 'preParsing',
    origin: (origin: string | undefined, grant: (error: null, origin: string | false) => void) => {
      const isGranted = origin !== undefined && config.current.http.corsOrigins.includes(origin);
      grant(null, isGranted ? origin : false);
    },
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: [
      'ETag',
      'X-Request-Id',
      'RateLimit',
      'RateLimit-Policy',
      'Retry-After',
      'Idempotency-Replayed',
      'X-Api-Key-Expires',
      'X-Api-Key-Replaced',
    ],
    maxAge: 600,
    strictPreflight: false,
  });
}

interface UiRequest {
  headers: Record<string, string>;
}

/** Runs in the browser, sent there as text: people paste a token with the word "Bearer" that the form adds by itself. */
function bearerOnce(request: UiRequest): UiRequest {
  const sent = request.headers.Authorization;
  if (sent) request.headers.Authorization = sent.replace(/^(?:Bearer\s+)+/i, 'Bearer ').trim();
  return request;
}
