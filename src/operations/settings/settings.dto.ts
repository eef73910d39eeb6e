import { ApiProperty, PartialType } from '@nestjs/swagger';
import { PersonalTokenSettings } from '../../api-keys/personal-tokens/personal-tokens.service.js';
import { VERSION } from '../../common/etag.js';
import { Flag } from '../../common/fields.js';
import type { SettingDefinition } from '../../platform/settings/setting-definition.js';
import type { SettingsState } from '../../platform/settings/settings.service.js';

/** The words of a setting are its definition's, so that they stand in one place. */
function Documented({ description, default: usual }: SettingDefinition): PropertyDecorator {
  return ApiProperty({ description, default: usual });
}

/** Every setting has its line here: an undeclared one is unknown, and one without a line cannot be read or changed. */
class AllSettings {
  @Flag({ example: true })
  @Documented(PersonalTokenSettings.enabled)
  'personal_tokens.enabled'!: boolean;
}

/** What is absent stays as it is. */
export class UpdateSettingsRequest extends PartialType(AllSettings, { skipNullProperties: false }) {}

export class SettingsResponse extends AllSettings {
  [VERSION]!: number;

  static from(this: void, { version, values }: SettingsState): SettingsResponse {
    return {
      'personal_tokens.enabled': values['personal_tokens.enabled'] as boolean,
      [VERSION]: version,
    };
  }
}
