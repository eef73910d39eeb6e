import helmet from '@fastify/helmet';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { LiveConfig } from './platform/config/live-config.js';

const DESCRIPTION = `
The whole surface of OmniCRM. Press **Authorize** and give one of the two:

- **bearer**: the \`token\` that \`POST /crm/auth/login\` answers with, or an API key;
- **api-key**: an API key, sent as \`X-API-KEY\`.

Give exactly one: a request with two credentials is refused. From a trusted address none is needed.
Every operation states the permission it demands in \`x-required-permissions\`.
`.trim();

/** The OpenAPI document of the built application; docs/openapi.json is this, committed. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const options = new DocumentBuilder()
    .setTitle('OmniCRM API')
    .setDescription(DESCRIPTION)
    .setVersion('0.1.0')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An access token or an API key.' }, 'bearer')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-KEY', description: 'An API key.' }, 'api-key')
    .build();
  return SwaggerModule.createDocument(app, options, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
}

/** Swagger UI at /crm/docs/ and the document at /crm/docs-json, unless the configuration hides them. */
export async function serveDocuments(app: NestFastifyApplication, config: LiveConfig): Promise<void> {
  const { publicDocs, corsOrigins } = config.current.http;
  await app.register(helmet, {
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
  if (corsOrigins.length > 0) {
    app.enableCors({
      origin: [...corsOrigins],
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: ['ETag', 'X-Request-Id', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'Idempotency-Replayed'],
      maxAge: 600,
    });
  }
  if (!publicDocs) return;
  SwaggerModule.setup('crm/docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'crm/docs-json',
    yamlDocumentUrl: 'crm/docs-yaml',
    customSiteTitle: 'OmniCRM API',
    swaggerOptions: { persistAuthorization: false, displayRequestDuration: true, tryItOutEnabled: true },
  });
}
