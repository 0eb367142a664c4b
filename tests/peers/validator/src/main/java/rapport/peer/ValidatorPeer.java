package rapport.peer;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport.IssueSeverity;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationResult;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.utilities.http.ManagedWebAccess;

/**
 * HAPI FHIR's R4 validator over a list of JSON files, without a network.
 *
 * <p>Standard input, one file a line: {@code definition<TAB>path} for what instances are checked against,
 * {@code known<TAB>path} for what references may lead to, {@code check<TAB>path} for what is validated (and known too).
 * Standard output, one JSON object for each checked file: {@code {"file", "messages": [{"severity", "location", "id", "text"}]}}.
 */
public final class ValidatorPeer {
  private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();

  private ValidatorPeer() {}

  public static void main(String[] arguments) throws IOException {
    // HL7's classes look for packages on the web where they miss one; nothing here may depend on that.
    ManagedWebAccess.setAccessPolicy(ManagedWebAccess.WebAccessPolicy.PROHIBITED);
    Definitions definitions = new Definitions();
    KnownResources known = new KnownResources();
    Map<Path, String> checked = new LinkedHashMap<>();
    for (String line : lines()) {
      String[] parts = line.split("\t", 2);
      Path path = Path.of(parts[1]);
      String text = Files.readString(path);
      switch (parts[0]) {
        case "definition" -> definitions.add(text);
        case "known" -> known.add(text);
        case "check" -> {
          known.add(text);
          checked.put(path, text);
        }
        default -> throw new IllegalArgumentException("neither definition, known nor check: " + line);
      }
    }
    FhirValidator validator = validator(definitions, known);
    checked.forEach((path, text) -> System.out.println(JSON.toJson(said(path, validator.validateWithResult(text)))));
  }

  private static List<String> lines() throws IOException {
    try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      return new ArrayList<>(in.lines().filter(line -> !line.isBlank()).toList());
    }
  }

  /** Strict where the defaults are lenient: extensions, profiles, displays, code systems, references. */
  private static FhirValidator validator(Definitions definitions, KnownResources known) {
    FhirContext context = Definitions.CONTEXT;
    StrictTerminology terminology = new StrictTerminology(context);
    terminology.setIssueSeverityForCodeDisplayMismatch(IssueSeverity.ERROR);
    ValidationSupportChain chain =
        new ValidationSupportChain(
            definitions,
            new DefaultProfileValidationSupport(context),
            new CommonCodeSystemsTerminologyService(context),
            terminology,
            new SnapshotGeneratingValidationSupport(context));
    FhirInstanceValidator module = new FhirInstanceValidator(chain);
    module.setAnyExtensionsAllowed(false);
    module.setErrorForUnknownProfiles(true);
    module.setValidatorResourceFetcher(known.fetcher(module));
    module.setValidatorPolicyAdvisor(new CheckReferences());
    return context.newValidator().registerValidatorModule(module);
  }

  private static JsonObject said(Path path, ValidationResult result) {
    JsonArray messages = new JsonArray();
    for (SingleValidationMessage one : result.getMessages()) {
      JsonObject message = new JsonObject();
      message.addProperty("severity", one.getSeverity().getCode());
      message.addProperty("location", one.getLocationString());
      message.addProperty("id", one.getMessageId());
      message.addProperty("text", one.getMessage());
      messages.add(message);
    }
    JsonObject said = new JsonObject();
    said.addProperty("file", path.toString());
    said.add("messages", messages);
    return said;
  }
}
