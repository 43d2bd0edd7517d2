/**
 * `@athanor/forms`: form classes, fields, validators, widgets and CSRF protection for @athanor/web, usable with any
 * form data. The words are those of WTForms and Flask-WTF in camelCase.
 */

export { checkOrigin } from "./csrf/origin.js";
export { CSRFError, CSRFProtect, csrfToken, rotateCsrf } from "./csrf/protect.js";
export { type CsrfConfig, csrfDefaults } from "./csrf/provider.js";
export { csrfReasons, generateCsrf, type SessionFace, type TokenSettings, validateCsrf } from "./csrf/token.js";
export { FormDefinitionError, FormError, type FormErrorCode, StopValidation, ValidationError } from "./errors.js";
export { FieldBase } from "./fields/base.js";
export { type BooleanOptions, booleanField, submitField } from "./fields/boolean.js";
export {
  type Choice,
  type ChoiceField,
  type ChoiceOptions,
  type Choices,
  type ChoiceValue,
  type MultipleChoiceOptions,
  radioField,
  selectField,
  selectMultipleField,
} from "./fields/choices.js";
export {
  type Clock,
  dateField,
  dateTimeField,
  dateTimeLocalField,
  monthField,
  type TemporalOptions,
  timeField,
  weekField,
} from "./fields/datetime.js";
export type { Rounding } from "./fields/decimal-text.js";
export { type FileOptions, fileField, multipleFileField } from "./fields/files.js";
export { type FormFieldOptions, formField, type NestedField } from "./fields/form-field.js";
export { fieldList, type ListField, type ListOptions } from "./fields/list.js";
export {
  bigIntegerField,
  type DecimalOptions,
  decimalField,
  decimalRangeField,
  floatField,
  integerField,
  integerRangeField,
} from "./fields/numeric.js";
export {
  colorField,
  emailField,
  hiddenField,
  passwordField,
  StringField,
  searchField,
  stringField,
  telField,
  textAreaField,
  urlField,
} from "./fields/text.js";
export { type Unbound, unbound } from "./fields/unbound.js";
export { Form } from "./form/define.js";
export type {
  Checked,
  Data,
  Errors,
  ExtraFilters,
  ExtraValidators,
  Fields,
  FormBase,
  FormClass,
  FormOptions,
  FormSettings,
  Reserved,
} from "./form/types.js";
export { type Attributes, type AttributeValue, htmlParams } from "./html.js";
export { interpolate, setTranslations, type TranslationSource, type Translations } from "./i18n.js";
export { FormValues } from "./input.js";
export { Label } from "./label.js";
export { type Locale, locales, preferredLocale, requestTranslations, translationsFor } from "./locales/catalogue.js";
export { type ColumnFieldOptions, type FieldColumn, type ModelFields, modelFields } from "./model-fields.js";
export type {
  CsrfProvider,
  Field,
  FieldErrors,
  FieldFlags,
  FieldOptions,
  Filter,
  FormFace,
  FormInput,
  FormValue,
  RenderedChoice,
  StandardSchema,
  UploadLike,
  Validator,
  Verdict,
  Widget,
  WidgetField,
} from "./types.js";
export { withFlags } from "./validators/chain.js";
export { fileAllowed, fileRequired, fileSize } from "./validators/files.js";
export {
  type EmailOptions,
  email,
  type IpOptions,
  ipAddress,
  macAddress,
  regexp,
  type UrlOptions,
  url,
  uuid,
} from "./validators/formats.js";
export { dataRequired, disabled, inputRequired, optional, readOnly } from "./validators/presence.js";
export {
  anyOf,
  equalTo,
  type LengthLimits,
  length,
  type NumberLimits,
  noneOf,
  numberRange,
  type SetOptions,
} from "./validators/values.js";
export * as widgets from "./widgets/index.js";
