package rapport.peer;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.ConceptValidationOptions;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.instance.model.api.IBaseResource;

/** Codes from the code systems at hand, displays compared: the validator itself never asks for that. */
final class StrictTerminology extends InMemoryTerminologyServerValidationSupport {
  StrictTerminology(FhirContext context) {
    super(context);
  }

  @Override
  public CodeValidationResult validateCode(
      ValidationSupportContext context, ConceptValidationOptions options, String system, String code, String display, String valueSet) {
    return super.validateCode(context, ConceptValidationOptions.copy(options).setValidateDisplay(true), system, code, display, valueSet);
  }

  @Override
  public CodeValidationResult validateCodeInValueSet(
      ValidationSupportContext context, ConceptValidationOptions options, String system, String code, String display, IBaseResource valueSet) {
    return super.validateCodeInValueSet(
        context, ConceptValidationOptions.copy(options).setValidateDisplay(true), system, code, display, valueSet);
  }
}
