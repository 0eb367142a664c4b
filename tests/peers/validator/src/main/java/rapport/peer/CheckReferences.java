package rapport.peer;

import org.hl7.fhir.common.hapi.validation.validator.FhirDefaultPolicyAdvisor;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;

/** A reference must lead to a resource that is there and of a type that is allowed; the default asks for neither. */
final class CheckReferences extends FhirDefaultPolicyAdvisor {
  @Override
  public ReferenceValidationPolicy policyForReference(
      IResourceValidator validator, Object application, String path, String url, ReferenceDestinationType destination) {
    return ReferenceValidationPolicy.CHECK_EXISTS_AND_TYPE;
  }

  @Override
  public ReferenceValidationPolicy getReferencePolicy() {
    return ReferenceValidationPolicy.CHECK_EXISTS_AND_TYPE;
  }
}
