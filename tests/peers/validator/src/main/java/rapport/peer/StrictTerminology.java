package rapport.peer;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.ConceptValidationOptions;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.CodeSystem;

/**
 * Codes from the code systems at hand, displays compared: the validator itself never asks for that. What a code is called in another
 * language, or was before, stands in the code system as a designation and is as good; HAPI compares with the display alone.
 */
final class StrictTerminology extends InMemoryTerminologyServerValidationSupport {
  StrictTerminology(FhirContext context) {
    super(context);
  }

  @Override
  public CodeValidationResult validateCode(
      ValidationSupportContext context, ConceptValidationOptions options, String system, String code, String display, String valueSet) {
    return super.validateCode(context, strict(context, options, system, code, display), system, code, display, valueSet);
  }

  @Override
  public CodeValidationResult validateCodeInValueSet(
      ValidationSupportContext context, ConceptValidationOptions options, String system, String code, String display, IBaseResource valueSet) {
    return super.validateCodeInValueSet(context, strict(context, options, system, code, display), system, code, display, valueSet);
  }

  private static ConceptValidationOptions strict(
      ValidationSupportContext context, ConceptValidationOptions options, String system, String code, String display) {
    return ConceptValidationOptions.copy(options).setValidateDisplay(!isDesignation(context, system, code, display));
  }

  private static boolean isDesignation(ValidationSupportContext context, String system, String code, String display) {
    return system != null
        && context.getRootValidationSupport().fetchCodeSystem(system) instanceof CodeSystem codes
        && codes.getConcept().stream()
            .filter(concept -> concept.getCode().equals(code))
            .flatMap(concept -> concept.getDesignation().stream())
            .anyMatch(designation -> designation.getValue().equals(display));
  }
}
